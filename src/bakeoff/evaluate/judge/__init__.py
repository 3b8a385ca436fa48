"""A model as judge of answers: asked blind and in both orders, read strictly, and trusted only after a check by people.

Knows neither where a judge runs nor how a project file looks. `plan` says what is to be asked, `readings` what an
answer says, `verdicts` what a judge means, `scores` what that makes of each candidate, `trust` whether to believe it.
"""
