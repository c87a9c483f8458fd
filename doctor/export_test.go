package doctor

// DoctorTexts returns what the tables of Diagnose can say, for a test that each
// is said of something.
func DoctorTexts() (problems []string) {
	for _, r := range rules {
		problems = append(problems, r.problem)
	}
	for _, r := range keyRules {
		problems = append(problems, r.problem)
	}
	for _, r := range issuerRules {
		problems = append(problems, r.problem)
	}
	for _, r := range resourceRules {
		problems = append(problems, r.problem)
	}
	for _, r := range secretRules {
		problems = append(problems, r.problem)
	}
	for _, r := range unused {
		problems = append(problems, r.problem)
	}
	return problems
}
