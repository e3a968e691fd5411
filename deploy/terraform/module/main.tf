# The layer of one architecture, and what a function needs beside it.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "layer_zip" {
  description = "The layer zip of the architecture, as `cargo xtask layer` built it."
  type        = string
}

variable "architecture" {
  description = "x86_64 or arm64, like the functions that get the layer."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture is x86_64 or arm64."
  }
}

variable "mode" {
  description = "off, monitor (reports, lets everything pass) or block (refuses attacks)."
  type        = string
  default     = "monitor"

  validation {
    condition     = contains(["off", "monitor", "block"], var.mode)
    error_message = "The mode is off, monitor or block."
  }
}

resource "aws_lambda_layer_version" "credenza" {
  layer_name               = "credenza-${replace(var.architecture, "_", "-")}"
  filename                 = var.layer_zip
  source_code_hash         = filebase64sha256(var.layer_zip)
  compatible_architectures = [var.architecture]
  description              = "credenza: runtime protection"
}

output "layers" {
  description = "For a function's `layers`."
  value       = [aws_lambda_layer_version.credenza.arn]
}

output "environment" {
  description = "To be merged into a function's variables."
  value = {
    AWS_LAMBDA_EXEC_WRAPPER = "/opt/credenza-wrapper"
    CREDENZA_MODE           = var.mode
  }
}
