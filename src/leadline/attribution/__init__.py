"""Which touches earned a conversion: credit models, compared, with cost beside them."""
