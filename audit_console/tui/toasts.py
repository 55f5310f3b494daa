"""What an app says beside its screen: safe to show, and each thing once."""

from __future__ import annotations

from typing import Literal

from textual.app import App
from textual.notifications import Notify

from audit_console.core.safe_text import safe_text


class Toasts(App[None]):
    """An app whose toasts hold no markup and cover no more than they must."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Literal["information", "warning", "error"] = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast; its text is made safe and is never markup."""
        del markup
        super().notify(
            safe_text(message, limit=400),
            title=safe_text(title, limit=80),
            severity=severity,
            timeout=timeout,
            markup=False,
        )

    def on_notify(self, event: Notify) -> None:
        """Take away a toast that says the same: those of a held key would cover the screen."""
        for shown in [*self._notifications]:
            if shown.message == event.notification.message:
                self._unnotify(shown, refresh=False)
