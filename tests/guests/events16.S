/* events16.S - see events.inc. */
#define BITS 16
#include "events.inc"
