"""The vocabulary of Meridian: model, events, effects, engine, errors, phone numbers, settings. No I/O, no asyncio."""
