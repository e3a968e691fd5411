"""Greets a customer and tells the state of an order: the function that every folder here deploys.

It never needs anything of AWS, so that it also runs at a desk.
"""

import json

ORDERS = {"1001": "on its way", "1002": "delivered"}


def handler(event, context):
    query = event.get("queryStringParameters") or {}
    order = ORDERS.get(query.get("order", ""), "not known")
    text = {"hello": query.get("name", "stranger"), "order": order}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(text),
    }
