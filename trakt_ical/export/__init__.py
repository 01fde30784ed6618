"""Events and the stored calendar become the next calendar, which a store keeps."""
