"""What a model file says of itself: GGUF and safetensors headers, read from bytes that nobody vouches for."""
