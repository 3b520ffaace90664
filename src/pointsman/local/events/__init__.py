"""Events in EventBridge's shape: engines emit them under ``bus.TOPIC``, and a world file's routes hand them on.

Who listens to the topic says through ``bus.Interest`` where he does: elsewhere no event is worded. A route leads to a
topic or to a function of the same world file. EventBridge's own rules and buses are not built.
"""
