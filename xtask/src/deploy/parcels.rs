//! Parcels of a subscription through the emulator's delivery stream, out of its bucket again.
//! It never opens a parcel: the emulator hands them on as they came, and the desk reads them.
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::Bench;
use super::emulator::Emulator;
use super::fleet::{Template, ask};
use super::kit::Kit;

const BUCKET: &str = "fleet-parcels";
const STREAM: &str = "parcels";

// Limit: a call takes 500 records and 4 MiB (Firehose, PutRecordBatch).
const PROGRAM: &str = "
import os, sys, boto3
stream, bucket, source, target = sys.argv[1:]
firehose, s3 = boto3.client('firehose'), boto3.client('s3')
put, batch, size = 0, [], 0
def flush():
    global put, batch, size
    if batch:
        answer = firehose.put_record_batch(DeliveryStreamName=stream, Records=batch)
        assert answer['FailedPutCount'] == 0, answer
        put, batch, size = put + len(batch), [], 0
for name in sorted(os.listdir(source)):
    with open(os.path.join(source, name), 'rb') as file:
        data = file.read()
    if len(batch) == 500 or size + len(data) > 3 << 20:
        flush()
    batch.append({'Data': data})
    size += len(data)
flush()
got = 0
for page in s3.get_paginator('list_objects_v2').paginate(Bucket=bucket):
    for item in page.get('Contents', []):
        got += 1
        s3.download_file(bucket, item['Key'], os.path.join(target, f'{got:07}.gz'))
print(put, got)
";

/// Puts every parcel of a folder, and gives the folder of what lies in the bucket then.
pub(super) fn through(bench: &Bench, emulator: &Emulator, folder: &Path) -> Result<PathBuf> {
    let lake = Template::read(bench, &bench.folder("fleet").join("lake.yaml"), &[])?;
    let bucket = json!({ "Bucket": BUCKET, "CreateBucketConfiguration":
        { "LocationConstraint": "eu-west-1" } });
    ask(bench, emulator, "s3api create-bucket", &bucket)?;
    for (_, mut stream) in lake.of_kind("AWS::KinesisFirehose::DeliveryStream") {
        stream["DeliveryStreamName"] = json!(STREAM);
        let to = &mut stream["ExtendedS3DestinationConfiguration"];
        to["BucketARN"] = json!(format!("arn:aws:s3:::{BUCKET}"));
        ask(bench, emulator, "firehose create-delivery-stream", &stream)?;
    }
    let target = folder.join("emulated");
    fs::create_dir_all(&target)?;
    let mut python = Kit::Emulator.program("python");
    python.env("AWS_ENDPOINT_URL", &emulator.endpoint);
    python.args(["-c", PROGRAM, STREAM, BUCKET]);
    python.arg(folder.join("parcels")).arg(&target);
    let said = bench.run("fleet-parcels", &mut python)?;
    let counts: Vec<Value> = said.split_whitespace().map(Value::from).collect();
    let parcels = fs::read_dir(folder.join("parcels"))?.count();
    ensure!(
        counts.first() == Some(&json!(parcels.to_string())) && counts.len() == 2,
        "{parcels} parcels, and {said} were put and got"
    );
    println!(
        "deploy: fleet: {parcels} parcels put, {} objects got",
        counts[1]
    );
    Ok(target)
}
