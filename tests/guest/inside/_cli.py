import sys

from sana_vcam import cli
from sana_vcam.doctor.command import run_doctor
from sana_vcam.errors import SanaVcamError
from sana_vcam.service.command import run_service


def main():
    try:
        if sys.argv[1] == "doctor":
            return run_doctor(sys.argv[2:])
        if sys.argv[1] == "service":
            return run_service(sys.argv[2:])
    except SanaVcamError as e:
        print(f"sana-vcam: {e}", file=sys.stderr)
        return e.exit_code
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
