"""What the platform costs: what it was counted to use, times what that costs.

`counts` says what is counted, `functions` reads memory and kind of each function from infra,
`pricing` multiplies, `budgets` compares with what is committed, `tables` and `__main__` show it.
"""
