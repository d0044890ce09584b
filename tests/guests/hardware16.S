/* hardware16.S - see hardware.inc. */
#define BITS 16
#include "hardware.inc"
