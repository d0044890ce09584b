/* events32.S - see events.inc. */
#define BITS 32
#include "events.inc"
