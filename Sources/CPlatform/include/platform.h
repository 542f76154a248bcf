// The few things of Linux that Swift cannot say: functions behind _GNU_SOURCE, variadic functions, function-like macros, and fork.
#pragma once

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

// What a child process is to be. All pointers are borrowed for the call.
struct platform_spawn {
    const char *path;
    char *const *arguments;          // argv, NULL-terminated
    char *const *environment;        // envp, NULL-terminated
    const char *working_directory;   // or NULL
    const int *descriptors;          // descriptors of ours that the child gets …
    const int *descriptor_numbers;   // … under these numbers
    int descriptor_count;
    bool new_session;
    bool new_network, new_mounts, new_processes;
    bool dies_with_parent;           // SIGKILL when the calling thread's process ends: call from a thread that outlives the child
    uint64_t file_size_limit;        // RLIMIT_FSIZE; 0 = as ours
};

// Starts the child with an empty signal mask, default dispositions, normal scheduling and no descriptors but those listed (and 0, 1, 2).
// Returns the process id, or -errno; *failed_step then names the call that failed.
pid_t platform_spawn(const struct platform_spawn *request, const char **failed_step);

int platform_ppoll(struct pollfd *descriptors, unsigned long count, const struct timespec *timeout);
// POLLRDHUP.
extern const short platform_poll_ended;
int platform_eventfd(void);
int platform_signalfd(const sigset_t *set);
int platform_pidfd_open(pid_t process);
int platform_open_pty(int *primary, int *secondary, char *path, size_t capacity);
int platform_set_thread_name(const char *name);
int platform_enter_namespace(int descriptor);
int platform_unshare_mounts(void);
int platform_make_mounts_private(void);
// From now on orphans below this process become its children (PR_SET_CHILD_SUBREAPER).
int platform_take_in_orphans(void);
int platform_mount_proc(void);
int platform_loopback_up(void);
// Routes 224.0.0.0/4 to the loopback interface, from 127.0.0.1.
int platform_loopback_multicast(void);
int platform_set_low_latency(int descriptor);
// Takes a terminal for this process alone (flock, then TIOCEXCL, which also binds programs that know no flock), and keeps its modem lines up when it is
// closed. Returns 0, or an errno: EBUSY when another program has it.
int platform_claim_terminal(int descriptor);
// Lets others open it again; also while a pseudo-terminal's other side is held.
void platform_release_terminal(int descriptor);
int platform_accept(int listener);
bool platform_peer(int socket, pid_t *process, uid_t *user, gid_t *group);
int platform_exit_status(int status);   // -1 when it did not exit by itself
int platform_exit_signal(int status);   // -1 when no signal ended it
