package doctor

// DoctorTexts returns the problems in the tables of Diagnose. A test checks that each
// is reported.
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
