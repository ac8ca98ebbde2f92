"""What was computed of running and earlier sequences: pages, who shares them, and the latents in them."""
