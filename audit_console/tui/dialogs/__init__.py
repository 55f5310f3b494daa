"""One module and one style sheet per dialog, over whichever screen asks for it."""
