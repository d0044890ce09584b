/*
 * session_main.h - what main.c calls, one function per subcommand; each returns the exit status.
 * Implemented by session_main.c (the session), batch.c (trace, diff, engines), docgen.c and a file of its
 * own for each other.
 */
#ifndef VMSTEP_CLI_SESSION_MAIN_H
#define VMSTEP_CLI_SESSION_MAIN_H

#include "options.h"
#include "output.h"

int session_main(const struct options *opt, struct output *out);
/* The same with another guest and something else than a prompt in it. */
struct cli;
typedef void session_body(struct cli *c, const void *arg);
int session_with(const struct options *opt, struct session_config cfg, struct output *out, session_body *body,
		 const void *arg);
int lesson_command(const struct options *opt, struct output *out);
int trace_command(const struct options *opt, struct output *out);
int diff_command(const struct options *opt, struct output *out);
int compare_command(const struct options *opt, struct output *out);
int report_command(const struct options *opt, struct output *out);
int predict_command(const struct options *opt, struct output *out);
int probe_command(const struct options *opt, struct output *out);
int engines_command(const struct options *opt, struct output *out);
/* Tells a remark to the output's error channel; for session_set_note() outside of a session. */
void note_tell(void *output, const char *text);
/* A console that shows nothing. */
void guest_drop(void *arg, enum console_channel ch, const u8 *data, size_t n);
/* session_start() failed: 3 when the engine is to blame, 4 when the image is. */
int start_failed_status(struct session *s);
/* Hidden option --dump: the generated parts of the manual and the completions; -EINVAL for others.
 */
int docgen_text(const char *what, struct strbuf *out);

#endif
