# A function with the credenza layer, watched in monitor mode.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "architecture" {
  description = "x86_64 or arm64."
  type        = string
  default     = "x86_64"
}

variable "mode" {
  description = "off, monitor or block."
  type        = string
  default     = "monitor"
}

variable "function_zip" {
  description = "The function's code: `app.py` at the root of a zip."
  type        = string
  default     = "function.zip"
}

variable "layer_folder" {
  description = "Where the layer zips are."
  type        = string
  default     = "../../target/layer"
}

module "credenza" {
  source       = "./module"
  layer_zip    = "${var.layer_folder}/credenza-layer-${var.architecture}.zip"
  architecture = var.architecture
  mode         = var.mode
}

resource "aws_iam_role" "orders" {
  name = "orders"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_lambda_function" "orders" {
  function_name    = "orders"
  role             = aws_iam_role.orders.arn
  runtime          = "python3.13"
  handler          = "app.handler"
  architectures    = [var.architecture]
  memory_size      = 256
  timeout          = 10
  filename         = var.function_zip
  source_code_hash = filebase64sha256(var.function_zip)
  layers           = module.credenza.layers

  environment {
    variables = merge(module.credenza.environment, {
      STAGE = "example"
    })
  }
}

output "function_name" {
  value = aws_lambda_function.orders.function_name
}
