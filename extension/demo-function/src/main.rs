//! `credenza-demo-function` is the function that `credenza demo` protects: a real Lambda function
//! over an embedded database, written with the oldest mistake there is.
//! It never runs anywhere but at a desk: every value in its database is a canary.
mod answer;
mod request;
mod users;

use std::sync::{Arc, Mutex};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::users::Users;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let users = Arc::new(Mutex::new(Users::seed()?));
    // One event at a time on classic Lambda, as many as it asks for on Managed Instances.
    lambda_runtime::run_concurrent(service_fn(move |event: LambdaEvent<Value>| {
        let users = Arc::clone(&users);
        async move {
            let users = users.lock().map_err(|_| "the database is poisoned")?;
            Ok::<_, Error>(answer::answer(&event.payload, &users))
        }
    }))
    .await
}
