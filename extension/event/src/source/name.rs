//! The sources by name.
//! It never recognises one: each source's own file does.

/// Declares the sources, each with its name in records and policies.
macro_rules! sources {
    ($($(#[$doc:meta])+ $source:ident $name:literal)+) => {
        /// The service that shaped an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Source {
            $($(#[$doc])+ $source,)+
            /// Application Load Balancer; `multi` if the event carries `multiValueHeaders`.
            Alb {
                /// Answer with `multiValueHeaders`.
                multi: bool,
            },
        }

        impl Source {
            /// Every source; one load balancer stands for both kinds.
            pub const ALL: &[Self] = &[$(Self::$source,)+ Self::Alb { multi: false }];

            /// The name in records and policies, which never changes.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$source => $name,)+
                    Self::Alb { .. } => "alb",
                }
            }
        }
    };
}

sources! {
    /// API Gateway REST API, or HTTP API with payload format 1.0.
    ApiGatewayRest "apigateway-rest"
    /// API Gateway HTTP API with payload format 2.0.
    ApiGatewayHttp "apigateway-http"
    /// Lambda Function URL.
    FunctionUrl "function-url"
    /// VPC Lattice with event structure version 1.0.
    VpcLatticeV1 "vpc-lattice-v1"
    /// VPC Lattice with event structure version 2.0.
    VpcLatticeV2 "vpc-lattice-v2"
    /// API Gateway WebSocket API: a client wants to connect.
    WebSocketConnect "websocket-connect"
    /// API Gateway WebSocket API: a client sent a message.
    WebSocketMessage "websocket-message"
    /// API Gateway WebSocket API: a client has gone.
    WebSocketDisconnect "websocket-disconnect"
    /// Lambda authorizer of a REST API that is asked about a token.
    AuthorizerToken "authorizer-token"
    /// Lambda authorizer that is asked about a request: of a REST or WebSocket API, or of an HTTP
    /// API with payload format 1.0; it answers with a policy.
    AuthorizerRequest "authorizer-request"
    /// Lambda authorizer of an HTTP API with payload format 2.0; whether it answers in the simple
    /// form or with a policy, the event does not tell.
    AuthorizerHttp "authorizer-http"
    /// AppSync direct resolver.
    AppSync "appsync-resolver"
    /// AppSync direct resolver that is asked for many at once: a top-level array.
    AppSyncBatch "appsync-batch"
    /// AppSync Lambda authorizer.
    AppSyncAuthorizer "appsync-authorizer"
    /// AppSync Events API: a channel is published to or subscribed.
    AppSyncEvents "appsync-events"
    /// SQS standard queue.
    Sqs "sqs"
    /// SQS FIFO queue.
    SqsFifo "sqs-fifo"
    /// SNS topic.
    Sns "sns"
    /// S3 event notification.
    S3 "s3"
    /// S3 Batch Operations.
    S3Batch "s3-batch"
    /// S3 Object Lambda.
    S3ObjectLambda "s3-object-lambda"
    /// DynamoDB stream.
    DynamoDb "dynamodb"
    /// Kinesis data stream.
    Kinesis "kinesis"
    /// Kinesis Data Analytics for SQL: records before the application.
    KinesisAnalyticsInput "kinesis-analytics-input"
    /// Kinesis Data Analytics for SQL: records behind the application.
    KinesisAnalyticsOutput "kinesis-analytics-output"
    /// Firehose transformation.
    Firehose "firehose"
    /// EventBridge event bus.
    EventBridge "eventbridge"
    /// EventBridge pipe: a top-level array of a queue's or stream's records.
    Pipe "eventbridge-pipe"
    /// EventBridge schedule: a tick of the clock.
    Scheduler "scheduler"
    /// Amazon MSK.
    Msk "msk"
    /// Self-managed Apache Kafka.
    Kafka "kafka"
    /// Amazon MQ with ActiveMQ.
    ActiveMq "activemq"
    /// Amazon MQ with RabbitMQ.
    RabbitMq "rabbitmq"
    /// DocumentDB change stream.
    DocumentDb "documentdb"
    /// Cognito user pool trigger.
    Cognito "cognito"
    /// Cognito Sync trigger.
    CognitoSync "cognito-sync"
    /// IoT button or IoT 1-Click device; what an IoT rule selects has no shape of its own.
    IotButton "iot-button"
    /// IoT custom authorizer.
    IotAuthorizer "iot-authorizer"
    /// IoT pre-provisioning hook.
    IotProvisioning "iot-provisioning"
    /// SES receipt rule.
    Ses "ses"
    /// WorkMail rule.
    WorkMail "workmail"
    /// CodeCommit trigger.
    CodeCommit "codecommit"
    /// CodePipeline action.
    CodePipeline "codepipeline"
    /// CodeDeploy lifecycle hook.
    CodeDeploy "codedeploy-hook"
    /// Secrets Manager rotation.
    SecretsRotation "secrets-rotation"
    /// CloudWatch Logs subscription.
    CloudWatchLogs "cloudwatch-logs"
    /// CloudWatch alarm action.
    CloudWatchAlarm "cloudwatch-alarm"
    /// CloudWatch dashboard with a custom widget.
    CloudWatchDashboard "cloudwatch-dashboard"
    /// AWS Config rule.
    Config "config"
    /// CloudFormation custom resource.
    CustomResource "custom-resource"
    /// CloudFront with Lambda@Edge.
    CloudFront "cloudfront"
    /// Bedrock agent, action group with an API schema.
    BedrockApi "bedrock-agent-api"
    /// Bedrock agent, action group with function details.
    BedrockFunction "bedrock-agent-function"
    /// Lex V1 bot.
    LexV1 "lex-v1"
    /// Lex V2 bot.
    LexV2 "lex-v2"
    /// Connect contact flow.
    Connect "connect"
    /// Alexa custom skill.
    Alexa "alexa"
    /// Alexa smart home skill.
    AlexaSmartHome "alexa-smart-home"
    /// Client VPN connection handler.
    ClientVpn "client-vpn"
    /// Transfer Family identity provider.
    TransferFamily "transfer-family"
    /// SageMaker Ground Truth task.
    GroundTruth "ground-truth"
    /// Step Functions state whose input is the context object; any other input has no
    /// shape of its own.
    StepFunctions "step-functions"
    /// Lambda destination: what another asynchronous invocation came to.
    Destination "destination"
    /// Durable function: a step or a replay.
    Durable "durable"
    /// Anything else, direct invocations among it: every string leaf is inspected.
    Unknown "unknown"
}

impl Source {
    /// The source of a name, as policies write it.
    pub fn named(name: &str) -> Option<Self> {
        let mut sources = Self::ALL.iter().copied();
        sources.find(|source| source.name() == name)
    }
}
