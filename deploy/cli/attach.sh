#!/usr/bin/env bash
# Publishes the layer of a function's architecture and puts it on the function, or takes it off.
# It never loses a layer or a variable that the function has already.
set -euo pipefail

usage() {
    echo "usage: $0 attach|detach FUNCTION [MODE]   (MODE: monitor, block, off)" >&2
    exit 2
}

[ $# -ge 2 ] || usage
what=$1 function=$2 mode=${3:-monitor}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
layers_folder=${CREDENZA_LAYERS:-$here/../../target/layer}

configuration=$(aws lambda get-function-configuration --function-name "$function" --output json)

# Standard input is the configuration; the program prints what is asked of it, one line each.
ask() {
    python3 -c "
import json, sys
c = json.loads(sys.argv[1])
layers = [layer['Arn'] for layer in c.get('Layers') or []]
others = [arn for arn in layers if ':layer:credenza-' not in arn]
variables = (c.get('Environment') or {}).get('Variables') or {}
architecture = (c.get('Architectures') or ['x86_64'])[0]
$1" "$configuration" "${@:2}"
}

obstacle=$(ask "
runtime = c.get('Runtime') or ''
wrapper = variables.get('AWS_LAMBDA_EXEC_WRAPPER', '')
if c.get('PackageType') == 'Image': print('an image takes no layers; see deploy/image')
elif runtime.startswith('provided'): print('an OS-only runtime ignores the wrapper; see deploy/os-only')
elif wrapper not in ('', '/opt/credenza-wrapper'):
    print(f'it has the wrapper {wrapper} already; name that one in CREDENZA_NEXT_WRAPPER')
elif len(others) > 4: print('it has five layers already')
")
if [ -n "$obstacle" ] && [ "$what" = attach ]; then
    echo "$function: not attached: $obstacle" >&2
    exit 1
fi

case $what in
attach)
    architecture=$(ask "print(architecture)")
    arn=$(aws lambda publish-layer-version --output text --query LayerVersionArn \
        --layer-name "credenza-${architecture/_/-}" --compatible-architectures "$architecture" \
        --zip-file "fileb://$layers_folder/credenza-layer-$architecture.zip")
    layers=$(ask "print('\n'.join([*others, sys.argv[2]]))" "$arn")
    environment=$(ask "
variables.update(AWS_LAMBDA_EXEC_WRAPPER='/opt/credenza-wrapper', CREDENZA_MODE=sys.argv[2])
print(json.dumps({'Variables': variables}))" "$mode")
    ;;
detach)
    layers=$(ask "print('\n'.join(others))")
    environment=$(ask "
own = [name for name in variables if name.startswith('CREDENZA_')]
for name in [*own, 'AWS_LAMBDA_EXEC_WRAPPER']: variables.pop(name, None)
print(json.dumps({'Variables': variables}))")
    ;;
*) usage ;;
esac

# A function's layers are a list of words; an empty list takes them all off.
mapfile -t list < <(printf '%s' "$layers" | sed '/^$/d')
aws lambda update-function-configuration --function-name "$function" \
    --layers "${list[@]}" --environment "$environment" --output text --query FunctionArn
echo "$function: $what done" >&2
