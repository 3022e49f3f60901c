"""Facts as a feed tells them: described once, compared once, written from that comparison.

Flow: ``kinds`` says of each kind of fact what identifies it, which columns are its values and which of them rights rest
on -> ``difference`` compares what was staged with what stands and fills ``st_effect``: each version that opens, closes
or changes, and what is taken away by it from now on -> guard, report, plan and digest read that table -> ``write``
opens and closes versions by it. ``profiles`` does the same for names, e-mail addresses and identity codes. Must not
import plans, sources or anything above.
"""
