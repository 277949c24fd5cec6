"""The words of the product: values, events, errors and ports. Imports the standard library only."""
