"""What the files state: read with line numbers, checked item by item, merged by kind and key, in the shapes in which
they are compared; and how what stands is written out as items.
"""
