// What Swift does not see of the C library: GNU's extensions, and functions with a variable number of arguments.
#include <spawn.h>
#include <sys/prctl.h>

// GNU's extensions, as their manual pages declare them (glibc 2.34 and later).
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
extern int pipe2(int ends[2], int flags);

// A started program has no file open from number `from` on.
static inline int kaskman_spawn_close_from(posix_spawn_file_actions_t *actions, int from) {
    return posix_spawn_file_actions_addclosefrom_np(actions, from);
}

// A started program begins in the folder.
static inline int kaskman_spawn_change_directory(posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

// A pipe whose ends no program inherits by accident.
static inline int kaskman_pipe(int ends[2], int flags) { return pipe2(ends, flags); }

// Whether other processes of the same user may look into this one (/proc/PID/environ, ptrace); 0 when that was set.
static inline int kaskman_set_dumpable(int is_dumpable) {
    return prctl(PR_SET_DUMPABLE, is_dumpable, 0, 0, 0);
}
