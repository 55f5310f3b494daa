"""The full screens; one that has much to do is a folder of layers."""
