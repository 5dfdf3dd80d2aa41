"""`/healthz` for whoever watches the service: a load balancer, a monitor. It tells nothing about anybody."""

from flask import Blueprint, Response, jsonify
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ticketing.database import db

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> tuple[Response, int]:
    """200 when the database answers, else 503."""
    try:
        db.session.execute(select(1))
    except SQLAlchemyError:
        return jsonify(status="database does not answer"), 503
    return jsonify(status="ok"), 200
