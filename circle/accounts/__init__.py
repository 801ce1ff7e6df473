"""People: sign-up, sign-in (browser session and API tokens), profile, password, the public page `/@name`.

Not here: what somebody is inside a circle (that is `circles`), nor what they wrote.
"""
