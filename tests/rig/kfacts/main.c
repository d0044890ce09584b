/*
 * kfacts - shows the KVM facts of this project (K1 to K18) by tiny guests on raw ioctls.
 *
 *   kfacts [GROUP]...      step icebp events irq io points shadow; without a name all of these
 *   kfacts oracle <IMAGE   the guest of tests/rig/bare
 *
 * Prints evidence, and TAP lines for what is relied on. The expectations are those of kvm_intel;
 * on another kind of KVM the run is evidence only and its "not ok" lines are the differences.
 */
#include "kfacts.h"
#include "lab.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct group {
	const char *name;
	void (*run)(void);
} groups[] = {
	{"step", cases_step},     {"icebp", cases_icebp},   {"events", cases_events},
	{"irq", cases_irq},       {"io", cases_io},         {"points", cases_points},
	{"shadow", cases_shadow}, {"oracle", cases_oracle},
};

static bool group_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], name))
			return true;
	}
	return argc == 1 && strcmp(name, "oracle");
}

static void alarm_note(int sig)
{
	(void)sig; /* only there to interrupt KVM_RUN */
}

int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = alarm_note};
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGALRM, &sa, NULL);
	if (lab_open()) {
		perror("kfacts: /dev/kvm");
		return 1;
	}
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (group_wanted(groups[i].name, argc, argv))
			groups[i].run();
	}
	return check_failures() ? 1 : 0;
}
