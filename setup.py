"""The wheel carries templates/ and config/ inside the package, where `ticketing.settings.shipped` looks."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CHECKOUT = Path(__file__).parent


class BuildWithShipped(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # an editable install reads the checkout's own folders
        for folder in ("templates", "config"):
            shipped = Path(self.build_lib) / "ticketing" / "shipped" / folder
            shutil.rmtree(shipped, ignore_errors=True)
            shutil.copytree(CHECKOUT / folder, shipped)


setup(cmdclass={"build_py": BuildWithShipped})
