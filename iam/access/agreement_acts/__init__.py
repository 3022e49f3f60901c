"""What is done on an agreement, each act in a file of its own: ``sign``, ``notice``, ``clause``, ``restore``,
``suspension``, ``cancel``; ``act`` says what each must be able to, ``catalogue`` finds one by the name under which it
was kept. ``make`` makes an agreement, ``template`` says what one made by a template allows and makes a template of one.

Who may: the grantor's signature is recorded by who holds ``agreements.sign`` over the grantor; the grantee's by either
side's holder, with the number of the document. What narrows or ends is done by either side for itself; a suspension is
lifted by a second person of the grantor. What opens data is stated by its grantor. Only clauses derive rights: when
one lives is read with them (``living``).
"""
