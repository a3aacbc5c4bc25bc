"""A reader of reports of several lines, fed line by line as the program feeds it."""


def read_with(reader, text):
    """All records of a log, and the lines that stay the application's, as a caller of the reader sees them."""
    records, application = [], []
    for line in text if isinstance(text, list) else text.encode().split(b"\n"):
        for _ in range(2):
            if not reader.busy and not reader.starts(line):
                application.append(line)
                break
            step = reader.feed(line)
            application.extend(step.back)
            if step.record is not None:
                records.append(step.record)
            if step.taken:
                break
            if step.open or (step.record is None and not step.back):
                application.append(line)
                break
        else:
            application.append(line)
    step = reader.flush()
    application.extend(step.back)
    return records + ([step.record] if step.record is not None else []), application
