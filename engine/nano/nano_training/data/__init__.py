"""From episodes to what a model learns from: the vocabulary, token ids with weights, and a stream of batches."""
