"""What a person would call the device behind a User-Agent header. A guess for recognising, never for deciding."""

from __future__ import annotations

#: the first that occurs wins, so those that pretend to be another come before it
_APPS = (
    ("miniProgram", "WeChat mini-program"), ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("OPR/", "Opera"),
    ("Quark", "Quark"), ("UCBrowser", "UC"), ("QQBrowser", "QQ"), ("HuaweiBrowser", "Huawei"), ("Firefox", "Firefox"),
    ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "HarmonyOS"), ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def device_name(user_agent: str) -> str:
    """For example "Chrome · Android"; empty when neither can be told."""
    parts = [next((name for sign, name in kinds if sign in user_agent), "") for kinds in (_APPS, _SYSTEMS)]
    return " · ".join(part for part in parts if part)
