/// The Go code that every generated test shares: it runs the program and turns a verdict with its evidence into subtests.
enum GoTestRuntime {
    /// - Parameters:
    ///   - rig, system: literals of Go.
    ///   - command: how to run all tests.
    static func text(rig: String, isTwin: Bool, system: String, command: String) -> String {
        """

        import (
        \t"bufio"
        \t"bytes"
        \t"encoding/json"
        \t"errors"
        \t"os"
        \t"os/exec"
        \t"path/filepath"
        \t"strings"
        \t"testing"
        \t"time"
        )

        // All of them, in the time that they need:
        //
        //	\(command)
        //
        // On a twin they run at once, as many as -parallel says. A test for which the rest of -timeout is too short is skipped.
        //
        // What the tests give the program, unless the environment says otherwise:
        //
        //	KNXRIG            the program (default: knxrig on PATH)
        //	KNXRIG_RIG        the rig file
        //	KNXRIG_SYSTEM     the profile of the system under test
        //	KNXRIG_OUT        where runs are kept (default: a temporary directory, kept when a test fails)
        //	KNXRIG_ARGUMENTS  further arguments, separated by spaces
        const (
        \tresilienceRig    = \(rig)
        \tresilienceIsTwin = \(isTwin)
        \tresilienceSystem = \(system)

        \t// How long before the end of go test a run is interrupted, so that the rig heals and says what it has.
        \tresilienceMargin = 20 * time.Second
        )

        // The seven steps of a run, and which checkers speak of each.
        var resilienceSteps = []struct {
        \tstep, name string
        \tcheckers   []string
        }{
        \t{"set_up", "SetUp", nil},
        \t{"verify_normal", "VerifyNormal", nil},
        \t{"inject", "Inject", nil},
        \t{"verify_degraded", "VerifyDegraded", []string{"detected", "zombie", "unaffected", "undisturbed", "memory"}},
        \t{"heal", "Heal", nil},
        \t{"verify_recovery", "VerifyRecovery", nil}, // every checker that no other step names
        \t{"check_leaks", "CheckLeaks", []string{"leaks", "growth"}},
        }

        type resilienceVerdict struct {
        \tOutcome  string
        \tSentence string
        \tFindings []struct{ Checker, Outcome, Sentence string }
        }

        type resiliencePhase struct {
        \tbegun, ended bool
        \treason       string
        }

        // takes: how long a run that passes takes at most.
        func runResilience(t *testing.T, scenario string, takes time.Duration) {
        \tt.Helper()
        \tprogram := os.Getenv("KNXRIG")
        \tif program == "" {
        \t\tfound, err := exec.LookPath("knxrig")
        \t\tif err != nil {
        \t\t\tt.Skip("there is no rig here: put knxrig on PATH, or name it in KNXRIG")
        \t\t}
        \t\tprogram = found
        \t}
        \tif _, err := os.Stat(program); err != nil {
        \t\tt.Fatalf("KNXRIG names a program that is not there: %v", err)
        \t}
        \trig := resilienceSetting("KNXRIG_RIG", resilienceRig)
        \tif rig == "twin" || resilienceIsTwin && rig == resilienceRig {
        \t\tt.Parallel()
        \t}
        \tif deadline, ok := t.Deadline(); ok && time.Until(deadline) < takes+resilienceMargin {
        \t\tt.Skipf("not run: needs %v, and go test ends in %v: give it a longer -timeout", takes+resilienceMargin, time.Until(deadline).Round(time.Second))
        \t}
        \tdirectory := resilienceDirectory(t, scenario)
        \targuments := []string{"test", scenario, "--progress", "none", "--out", directory,
        \t\t"--rig", rig,
        \t\t"--system", resilienceSetting("KNXRIG_SYSTEM", resilienceSystem)}
        \targuments = append(arguments, strings.Fields(os.Getenv("KNXRIG_ARGUMENTS"))...)
        \tstatus, output, complaint := runKnxrig(t, program, arguments)
        \tif status == 3 && strings.Contains(complaint, ": not run: ") {
        \t\tt.Skip(strings.TrimSpace(complaint))
        \t}
        \tverdict, phases, err := readResilienceRun(directory)
        \tif err != nil {
        \t\tt.Fatalf("no verdict (exit status %d): %v\\n%s%s", status, err, output, complaint)
        \t}
        \tt.Logf("%s: %s", verdict.Outcome, verdict.Sentence)
        \tfor _, step := range resilienceSteps {
        \t\tstep := step
        \t\tt.Run(step.name, func(t *testing.T) {
        \t\t\tphase := phases[step.step]
        \t\t\tif !phase.begun {
        \t\t\t\tt.Skipf("not reached: %s", verdict.Sentence)
        \t\t\t}
        \t\t\tif !phase.ended {
        \t\t\t\tt.Errorf("the run was cut short in this step")
        \t\t\t}
        \t\t\tif phase.reason != "" {
        \t\t\t\tt.Error(phase.reason)
        \t\t\t}
        \t\t\tfor _, finding := range verdict.Findings {
        \t\t\t\tif resilienceStepOf(finding.Checker) == step.step {
        \t\t\t\t\tt.Errorf("%s (%s): %s", finding.Outcome, finding.Checker, finding.Sentence)
        \t\t\t\t}
        \t\t\t}
        \t\t})
        \t}
        \tif verdict.Outcome != "pass" && !t.Failed() {
        \t\tt.Errorf("%s: %s", verdict.Outcome, verdict.Sentence)
        \t}
        \tif status != 0 && !t.Failed() {
        \t\tt.Errorf("knxrig ended with status %d:\\n%s%s", status, output, complaint)
        \t}
        }

        func resilienceSetting(name, otherwise string) string {
        \tif value := os.Getenv(name); value != "" {
        \t\treturn value
        \t}
        \treturn otherwise
        }

        func resilienceStepOf(checker string) string {
        \tfor _, step := range resilienceSteps {
        \t\tfor _, own := range step.checkers {
        \t\t\tif own == checker {
        \t\t\t\treturn step.step
        \t\t\t}
        \t\t}
        \t}
        \treturn "verify_recovery"
        }

        // The evidence of a failure is worth more than a tidy disk.
        func resilienceDirectory(t *testing.T, scenario string) string {
        \tt.Helper()
        \tname := strings.ReplaceAll(scenario, "/", "-")
        \tif kept := os.Getenv("KNXRIG_OUT"); kept != "" {
        \t\tpath, err := filepath.Abs(filepath.Join(kept, name+"-"+time.Now().UTC().Format("20060102T150405.000000000Z")))
        \t\tif err != nil {
        \t\t\tt.Fatal(err)
        \t\t}
        \t\treturn path
        \t}
        \tparent, err := os.MkdirTemp("", "knxrig-go-")
        \tif err != nil {
        \t\tt.Fatal(err)
        \t}
        \tt.Cleanup(func() {
        \t\tif t.Failed() {
        \t\t\tt.Logf("evidence: %s", filepath.Join(parent, name))
        \t\t\treturn
        \t\t}
        \t\t_ = os.RemoveAll(parent)
        \t})
        \treturn filepath.Join(parent, name)
        }

        // An interrupt lets the rig heal and go to its safe state; it comes in time before go test would kill everything.
        func runKnxrig(t *testing.T, program string, arguments []string) (status int, output, complaint string) {
        \tt.Helper()
        \tvar standardOutput, standardError bytes.Buffer
        \tcommand := exec.Command(program, arguments...)
        \tcommand.Stdout, command.Stderr = &standardOutput, &standardError
        \tif err := command.Start(); err != nil {
        \t\tt.Fatalf("knxrig does not start: %v", err)
        \t}
        \tif deadline, ok := t.Deadline(); ok {
        \t\ttimer := time.AfterFunc(time.Until(deadline.Add(-resilienceMargin)), func() {
        \t\t\t_ = command.Process.Signal(os.Interrupt)
        \t\t})
        \t\tdefer timer.Stop()
        \t}
        \terr := command.Wait()
        \tvar ended *exec.ExitError
        \tif err != nil && !errors.As(err, &ended) {
        \t\tt.Fatalf("knxrig: %v", err)
        \t}
        \treturn command.ProcessState.ExitCode(), standardOutput.String(), standardError.String()
        }

        // The verdict of the one run below directory, and how its steps went.
        func readResilienceRun(directory string) (resilienceVerdict, map[string]resiliencePhase, error) {
        \tvar results struct {
        \t\tScenarios []struct {
        \t\t\tRepetitions []struct{ Run string }
        \t\t}
        \t}
        \tvar record struct{ Verdict resilienceVerdict }
        \tif err := readResilienceJSON(filepath.Join(directory, "results.json"), &results); err != nil {
        \t\treturn record.Verdict, nil, err
        \t}
        \tif len(results.Scenarios) == 0 || len(results.Scenarios[0].Repetitions) == 0 {
        \t\treturn record.Verdict, nil, errors.New("results.json names no run")
        \t}
        \tof := results.Scenarios[0].Repetitions
        \trun := filepath.Join(directory, of[len(of)-1].Run)
        \tif err := readResilienceJSON(filepath.Join(run, "verdict.json"), &record); err != nil {
        \t\treturn record.Verdict, nil, err
        \t}
        \tphases, err := readResiliencePhases(filepath.Join(run, "evidence.jsonl"))
        \treturn record.Verdict, phases, err
        }

        func readResilienceJSON(path string, into any) error {
        \toctets, err := os.ReadFile(path)
        \tif err != nil {
        \t\treturn err
        \t}
        \treturn json.Unmarshal(octets, into)
        }

        func readResiliencePhases(path string) (map[string]resiliencePhase, error) {
        \tfile, err := os.Open(path)
        \tif err != nil {
        \t\treturn nil, err
        \t}
        \tdefer file.Close()
        \tphases := map[string]resiliencePhase{}
        \treader := bufio.NewReader(file)
        \tfor {
        \t\tline, err := reader.ReadBytes('\\n')
        \t\tif err != nil {
        \t\t\t// What follows the last line break is torn, or nothing.
        \t\t\treturn phases, nil
        \t\t}
        \t\tif !bytes.Contains(line, []byte(`"k":"phase"`)) {
        \t\t\tcontinue
        \t\t}
        \t\tvar event struct {
        \t\t\tD struct{ Step, Edge, Reason string }
        \t\t}
        \t\tif err := json.Unmarshal(line, &event); err != nil {
        \t\t\treturn nil, err
        \t\t}
        \t\tphase := phases[event.D.Step]
        \t\tif event.D.Edge == "begin" {
        \t\t\tphase.begun = true
        \t\t} else {
        \t\t\tphase.ended, phase.reason = true, event.D.Reason
        \t\t}
        \t\tphases[event.D.Step] = phase
        \t}
        }

        """
    }
}
