"""Settings of a PBX."""

from telephony.pbx_settings import AmiAccount, PbxSettings


def test_secrets_do_not_show() -> None:
    ear, hand = AmiAccount(user="ear", secret="hush"), AmiAccount(user="hand", secret="hush")
    assert "hush" not in repr(PbxSettings(name="a", host="h", listener=ear, controller=hand))


def test_without_a_controller_the_listener_acts() -> None:
    ear, hand = AmiAccount(user="ear", secret="a"), AmiAccount(user="hand", secret="b")
    assert PbxSettings(name="a", host="h", listener=ear).acting == ear
    assert PbxSettings(name="a", host="h", listener=ear, controller=hand).acting == hand
