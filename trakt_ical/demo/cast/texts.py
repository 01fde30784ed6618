"""Words of the demo's cast that are hard to write into a calendar."""

CONTROL_CHARACTERS = "Radio\x07 Si\x1blence\x00 and\x7f Tab\tTab"
LINE_SEPARATORS = "Above the Line\u2028Below the Line\u2029and\r\nBeyond"
HTML = (
    "<p>First <b>broadcast</b> &amp; repeated;<br/>see <a href='https://example.org/?a=1&b=2'>"
    "the list</a></p><script>alert('not shown')</script>"
)
_TITLE = "A Title, Read Out in Full; with C:\\Commas\\, Semicolons; “Quotes” and Ünïcödé, "
_OVERVIEW = (
    "The host reads a page, pauses; turns it, and reads the next.\n\nBack\\slashes, commas, "
    "semicolons; and a colon: all of them are read aloud.\nまた次の頁へ。\n"
)
LONG_TITLE = (_TITLE * 15).rstrip(", ")
LONG_OVERVIEW = (_OVERVIEW * 12).rstrip()
