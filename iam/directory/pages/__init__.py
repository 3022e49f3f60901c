"""What pages and lists show of persons and organisations: queries narrowed to what the asker may see, and every version
of a fact.
"""
