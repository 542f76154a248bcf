/* Holds interface 0 of a USB device for some milliseconds, as another program would: hold /dev/bus/usb/001/002 5000 */
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int count, char **words) {
    if (count != 3) return 2;
    int device = open(words[1], O_RDWR);
    struct usbdevfs_disconnect_claim claim = {.interface = 0};
    if (device < 0 || ioctl(device, USBDEVFS_DISCONNECT_CLAIM, &claim) != 0) {
        perror(words[1]);
        return 1;
    }
    puts("held");
    fflush(stdout);
    usleep(1000u * (unsigned)atoi(words[2]));
    return 0;
}
