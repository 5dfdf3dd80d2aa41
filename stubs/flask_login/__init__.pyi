"""The part of Flask-Login that we use, with types: it ships none."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

_View = TypeVar("_View", bound=Callable[..., Any])
_Loader = TypeVar("_Loader", bound=Callable[[str], Any])

class UserMixin:
    @property
    def is_authenticated(self) -> bool: ...
    def get_id(self) -> str: ...

class LoginManager:
    login_view: str | None
    login_message: str
    login_message_category: str
    localize_callback: Callable[[str], str] | None
    session_protection: str | None
    def __init__(self, app: Flask | None = None) -> None: ...
    def init_app(self, app: Flask, add_context_processor: bool = True) -> None: ...
    def user_loader(self, callback: _Loader) -> _Loader: ...

current_user: Any

def login_required(func: _View) -> _View: ...
def login_user(user: UserMixin, remember: bool = False, force: bool = False, fresh: bool = True) -> bool: ...
def logout_user() -> bool: ...
