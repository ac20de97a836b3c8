"""An independent evaluator, written from INTERFACES alone and stupid on purpose.

It imports nothing of the product, keeps every message as the dictionary it was, and computes every answer from
zero. What the incremental engine says is judged against it; sharing code or cleverness would share mistakes.
"""
