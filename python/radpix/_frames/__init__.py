"""From codestreams to the pixels of frames: what is selected, who decodes it."""
