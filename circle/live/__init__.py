"""What is new, told to pages that are open: new posts of a circle and the number of unread notices.

A few pages get it as a stream (server-sent events, `hub`), all others ask now and then; the answer to "how many, for
me?" is always a question of its own, so a stream needs no database and knows no more than "look again".
"""
