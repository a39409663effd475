"""What marketing and sales agree on and hold each other to: goals with their pace, and promises with their ledger."""
