"""The app on the host, and the proxy its forward proxy."""

from configs import bootstrap, outbound, says

HELLO = bootstrap([outbound([says("hello\n", "api.test", "*.wild.test")])])


def test_variables_of_the_environment(run):
    """In other modes names in braces are the names themselves."""
    flags = ["--env", "A=x{api.test:5432}y", "--env", "B=1", "--env", "B=2", "--env", "HOME=/here"]
    out, err, _ = run(HELLO, "sh", "-c", "echo $A $B $HOME $KEPT", flags=flags, env={"KEPT": "kept", "HOME": "/there"})
    assert out == "xapi.test:5432y 2 /here kept\n", err
