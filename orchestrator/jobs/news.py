"""What is told to those who wait: a topic is a word that a writer says after its commit."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from weakref import WeakValueDictionary


class News:
    """Of one process. Whoever asks before a topic is told learns it; nothing is kept."""

    def __init__(self) -> None:
        # an event lives as long as somebody waits for it
        self._events: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()

    def about(self, topic: str) -> asyncio.Event:
        """Set when the topic is told next."""
        event = self._events.get(topic)
        if event is None:
            event = self._events[topic] = asyncio.Event()
        return event

    def tell(self, topic: str) -> None:
        event = self._events.pop(topic, None)
        if event is not None:
            event.set()

    def tell_everything(self) -> None:
        """After a time in which news may have been missed."""
        for topic in list(self._events):
            self.tell(topic)


async def told(event: asyncio.Event, *, within: timedelta) -> bool:
    """Whether it was told in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, within.total_seconds())):
            await event.wait()
    return event.is_set()
