"""Events in EventBridge's shape: engines and PutEvents emit them under ``bus.TOPIC``, and rules hand them on.

Who listens to the topic says through ``bus.Interest`` where he does: elsewhere no event is worded. A rule leads to its
targets through ``ways``, a world file's route to a topic or to a function of the same world file. There is one bus.
"""
