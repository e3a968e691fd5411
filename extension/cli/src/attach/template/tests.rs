//! Patches of templates, as they are printed and as `patch` applies them.
//! These tests never change a file of the project.
use std::io::Write as _;
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};

use super::*;

fn wish(chains: bool) -> Wish {
    let layers = [
        (
            Architecture::X86,
            "arn:aws:lambda:eu-west-1:1:layer:credenza-x86-64:4",
        ),
        (
            Architecture::Arm64,
            "arn:aws:lambda:eu-west-1:1:layer:credenza-arm64:4",
        ),
    ];
    let layers = layers.map(|(one, arn)| (one, LayerArn::read(arn).unwrap()));
    Wish {
        layers: layers.into_iter().collect(),
        chains,
        mode: None,
    }
}

/// The patch, what is told, and that `patch` takes it to something that needs no other.
fn check(template: &str, chains: bool, expected: &Expect) {
    let patched = patch(template, &wish(chains)).unwrap();
    let diff = patched.edits.unified("t.yaml", template);
    expected.assert_eq(&format!("{diff}{}", patched.told.join("\n")));
    if diff.is_empty() {
        return;
    }
    let name = format!("credenza-patch-{}-{}", std::process::id(), diff.len());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, template).unwrap();
    let mut child = Command::new("patch")
        .arg("--fuzz=0")
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(diff.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success(), "{diff}");
    let after = std::fs::read_to_string(&file).unwrap();
    let again = patch(&after, &wish(chains)).unwrap();
    assert_eq!(again.edits.unified("t.yaml", &after), "", "{after}");
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_template_in_blocks_gets_lines_in_its_own_way() {
    let template = "\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: python3.13 }
Resources:
  Orders: # Bestellungen für den Laden
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Layers:
        - !Ref Common
        - Fn::Sub:
            'arn:${AWS::Region}:x'
      Environment:
        Variables:
          STAGE: prod
  Plain:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Architectures: [arm64]
  Picture:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
";
    check(
        template,
        false,
        &expect![[r#"
        --- t.yaml
        +++ t.yaml
        @@ -10,13 +10,22 @@
                 - !Ref Common
                 - Fn::Sub:
                     'arn:${AWS::Region}:x'
        +        - arn:aws:lambda:eu-west-1:1:layer:credenza-x86-64:4
               Environment:
                 Variables:
        +          AWS_LAMBDA_EXEC_WRAPPER: /opt/credenza-wrapper
        +          CREDENZA_MODE: monitor
                   STAGE: prod
           Plain:
             Type: AWS::Serverless::Function
             Properties:
        +      Layers:
        +        - arn:aws:lambda:eu-west-1:1:layer:credenza-arm64:4
        +      Environment:
        +        Variables:
        +          AWS_LAMBDA_EXEC_WRAPPER: /opt/credenza-wrapper
        +          CREDENZA_MODE: monitor
               Handler: app.handler
               Architectures: [arm64]
           Picture:
             Type: AWS::Serverless::Function
        Picture: left: an image takes no layers; see deploy/image"#]],
    );
}

#[test]
fn brackets_and_what_is_there_already_are_changed_in_their_line() {
    let template = "\
Resources:
    Orders:
        Type: AWS::Lambda::Function
        Properties:
            Runtime: nodejs22.x
            Layers: [ 'arn:aws:lambda:eu-west-1:1:layer:credenza-x86-64:3', !Ref Other ]
            Environment:
                Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/theirs', A: b } # ours
";
    check(
        template,
        true,
        &expect![[r#"
        --- t.yaml
        +++ t.yaml
        @@ -3,6 +3,6 @@
                 Type: AWS::Lambda::Function
                 Properties:
                     Runtime: nodejs22.x
        -            Layers: [ 'arn:aws:lambda:eu-west-1:1:layer:credenza-x86-64:3', !Ref Other ]
        +            Layers: [ 'arn:aws:lambda:eu-west-1:1:layer:credenza-x86-64:4', !Ref Other ]
                     Environment:
        -                Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/theirs', A: b } # ours
        +                Variables: { "CREDENZA_MODE": "monitor", "CREDENZA_NEXT_WRAPPER": "/opt/theirs", AWS_LAMBDA_EXEC_WRAPPER: '/opt/credenza-wrapper', A: b } # ours
        Orders: credenza-x86-64:3 gives way to credenza-x86-64:4
        Orders: ours starts /opt/theirs"#]],
    );
    check(
        template,
        false,
        &expect![[r#"
        Orders: credenza-x86-64:3 gives way to credenza-x86-64:4
        Orders: left: it has the wrapper /opt/theirs; --chain has ours start it"#]],
    );
}

#[test]
fn parameters_stand_for_their_defaults_and_references_for_our_layer() {
    let template = "\
Parameters:
  Architecture: { Default: arm64 }
Resources:
  Orders:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Architectures: [!Ref Architecture]
  There:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Layers: [!Ref CredenzaLayerArn]
      Environment:
        Variables: { AWS_LAMBDA_EXEC_WRAPPER: /opt/credenza-wrapper, CREDENZA_MODE: !Ref Mode }
";
    check(
        template,
        false,
        &expect![[r#"
        --- t.yaml
        +++ t.yaml
        @@ -4,7 +4,13 @@
           Orders:
             Type: AWS::Lambda::Function
             Properties:
        +      Layers:
        +        - arn:aws:lambda:eu-west-1:1:layer:credenza-arm64:4
        +      Environment:
        +        Variables:
        +          AWS_LAMBDA_EXEC_WRAPPER: /opt/credenza-wrapper
        +          CREDENZA_MODE: monitor
               Runtime: python3.13
               Architectures: [!Ref Architecture]
           There:
             Type: AWS::Lambda::Function
        Orders: Architecture is a parameter; the layer is for arm64
        There: CREDENZA_MODE=Mode is set already and stays"#]],
    );
}

#[test]
fn json_is_a_template_as_well() {
    let template = "{\"Resources\": {\n  \"Orders\": {\n    \"Type\": \"AWS::Lambda::Function\",\n    \
                    \"Properties\": {\n      \"Runtime\": \"python3.13\"\n    }\n  }\n}}\n";
    check(
        template,
        false,
        &expect![[r#"
        --- t.yaml
        +++ t.yaml
        @@ -2,7 +2,7 @@
           "Orders": {
             "Type": "AWS::Lambda::Function",
             "Properties": {
        -      "Runtime": "python3.13"
        +      "Layers": ["arn:aws:lambda:eu-west-1:1:layer:credenza-x86-64:4"], "Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/credenza-wrapper", "CREDENZA_MODE": "monitor"}}, "Runtime": "python3.13"
             }
           }
         }}
    "#]],
    );
}

#[test]
fn what_is_no_template_is_said() {
    for (text, why) in [
        ("a: [", "while parsing"),
        ("a: b", "it has no resources"),
        ("", "it is empty"),
    ] {
        let told = patch(text, &wish(false)).err().unwrap();
        assert!(told.contains(why), "{told}");
    }
    assert!(is_template("template.yaml") && is_template("./x") && !is_template("orders"));
}
