package policy

// WarningWords are the texts of the warnings.
var WarningWords = warningWords
