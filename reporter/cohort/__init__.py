"""Selection, attrition, endpoints and the one frame that both engines see."""
