//! `credenza-demo-function` is the function that `credenza demo` protects: a real Lambda function
//! over an embedded database, written with the oldest mistake there is.
//! It never runs anywhere but at a desk: every value in its database is a canary.
mod answer;
mod request;
mod users;

use std::sync::Mutex;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::users::Users;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let users = Mutex::new(Users::seed()?);
    let users = &users;
    lambda_runtime::run(service_fn(
        async move |event: LambdaEvent<Value>| -> Result<Value, Error> {
            let users = users.lock().map_err(|_| "the database is poisoned")?;
            Ok(answer::answer(&event.payload, &users))
        },
    ))
    .await
}
